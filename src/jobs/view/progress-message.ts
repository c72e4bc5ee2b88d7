const verbs: Readonly<Record<string, string>> = { update: 'updating', delete: 'deleting', undo: 'undoing' }

/** How far a job is, for people: `updating: 300/2000`. */
export function progressMessage (operation: string, processed: number, total: number): string {
  return `${verbs[operation] ?? operation}: ${processed}/${total}`
}
