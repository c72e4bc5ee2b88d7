// The HTTP API, used as any other client would.

const jobs = '/powercrud/async/jobs'

/** An error response of the server (RFC 9457). */
export class Problem extends Error {
  constructor (problem) {
    super(problem.detail ?? problem.title)
    this.problem = problem
  }
}

async function ask (method, url, body) {
  const response = await fetch(url, {
    method,
    headers: { accept: 'application/json, application/problem+json', ...(body && { 'content-type': 'application/json' }) },
    body: body && JSON.stringify(body)
  }).catch(() => { throw new Problem({ detail: 'The server cannot be reached.' }) })
  const answer = await response.json().catch(() => ({ detail: `The server answered ${response.status} with an unreadable body.` }))
  if (!response.ok) throw new Problem(answer)
  return answer
}

/** @param {'update' | 'delete'} operation */
export const launch = (operation, body) => ask('POST', `/cities/bulk-${operation}`, body)

export const preview = (operation, body) => ask('POST', `/cities/bulk-${operation}`, { ...body, dryRun: true })

export const bulkOptions = () => ask('GET', '/cities/bulk-options')

/** A page of the choices for a field. */
export async function choicesOf (field, { search, cursor }) {
  const query = new URLSearchParams({ field, ...(search && { search }), ...(cursor && { cursor }) })
  const { fields } = await ask('GET', `/cities/bulk-options?${query}`)
  return fields[0].choices
}

export const locksOf = (ids) => ask('POST', '/cities/locks/query', { ids })

/** Names of cities by their ids; cities that cannot be read are left out. */
export async function namesOf (ids) {
  const cities = await Promise.all(ids.map((id) => ask('GET', `/cities/${id}`).catch(() => null)))
  return new Map(cities.filter((city) => city !== null).map(({ id, name }) => [id, name]))
}

export const jobOf = (id) => ask('GET', `${jobs}/${id}`)

export const latestJobs = () => ask('GET', `${jobs}?resource=cities&limit=10`)

export const failures = (job) => ask('GET', `${job.links.results}?outcome=failed&limit=5`)

/** @param {'cancel' | 'retry' | 'undo'} action */
export const act = (job, action) => ask('POST', job.links[action] ?? `${job.links.self}/${action}`)

/** The result of each record, as CSV. */
export async function resultsFile (job) {
  const response = await fetch(job.links.results, { headers: { accept: 'text/csv' } })
  if (!response.ok) throw new Problem(await response.json())
  return await response.blob()
}
