import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import type { FastifyPluginAsync } from 'fastify'

const types: Record<string, string> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml'
}

const folder = new URL('browser/', import.meta.url)

/** Serves every file that the page loads. They are read once; browsers revalidate by ETag. */
export const assetRoutes: FastifyPluginAsync = async (app) => {
  await serve('htmx.js', new URL(import.meta.resolve('htmx.org/dist/htmx.min.js')))
  for (const name of await readdir(folder)) await serve(name, new URL(name, folder))

  async function serve (name: string, file: URL): Promise<void> {
    const content = await readFile(file)
    const etag = `"${createHash('sha256').update(content).digest('base64url')}"`
    const type = types[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream'
    app.get(`/assets/${name}`, { schema: { hide: true } }, async (request, reply) => {
      reply.headers({ etag, 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' })
      if (request.headers['if-none-match'] === etag) return await reply.code(304).send()
      return await reply.type(type).send(content)
    })
  }
}
