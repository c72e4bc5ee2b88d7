const fewestRounds = 3
const mostRounds = 12

/**
 * Measures how much longer one thing takes than another: the best time of each, over three rounds, and over more of them
 * where the ratio is above its limit still. A machine that is busy with something else disturbs some of the rounds; what
 * really takes longer does so in all.
 */
export async function ratioOf (limit: number, measure: (round: number) => Promise<[best: number, bestOfOther: number]>): Promise<number> {
  for (let round = 0; ; round += 1) {
    const [best, bestOfOther] = await measure(round)
    const ratio = best / bestOfOther
    if (round + 1 >= mostRounds || (round + 1 >= fewestRounds && ratio <= limit)) return ratio
  }
}
