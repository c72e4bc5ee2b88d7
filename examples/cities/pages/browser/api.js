// The HTTP API, used as any other client would.

import { connectionLost } from './connection.js'

const jobs = '/powercrud/async/jobs'

/** An error response of the server (RFC 9457). */
export class Problem extends Error {
  constructor (problem) {
    super(problem.detail ?? problem.title)
    this.problem = problem
  }
}

/** Answers of whatever stands before a server, and of the server itself while its database is away. */
const awayStatuses = [502, 503, 504]

async function send (method, url, { body, accept = 'application/json, application/problem+json' } = {}) {
  const response = await fetch(url, {
    method,
    headers: { accept, ...(body && { 'content-type': 'application/json' }) },
    body: body && JSON.stringify(body)
  }).catch(() => {
    connectionLost()
    throw new Problem({ detail: 'The server cannot be reached.' })
  })
  if (response.ok) return response
  const problem = await response.json().catch(() => ({ detail: `The server answered ${response.status} with an unreadable body.` }))
  // A busy server is there, and says when to try again.
  if (awayStatuses.includes(response.status) && problem.code !== 'busy') connectionLost()
  throw new Problem(problem)
}

async function ask (method, url, body) {
  return await (await send(method, url, { body })).json()
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

export const failures = (job) => ask('GET', `${job.links.results}?outcome=failed&limit=20`)

/** The job, and whether this was its end: then the status is 286, and there is nothing more to poll for. */
export async function progressOf (job) {
  const response = await send('GET', job.links.progress)
  return { job: await response.json(), ended: response.status === 286 }
}

/** @param {'cancel' | 'retry' | 'undo'} action */
export const act = (job, action) => ask('POST', job.links[action] ?? `${job.links.self}/${action}`)

/** The result of each record, as CSV. */
export async function resultsFile (job) {
  return await (await send('GET', job.links.results, { accept: 'text/csv' })).blob()
}
