// Plain JavaScript that old versions of Node can run: it reports the wrong version before anything else is loaded.

const [major, minor] = process.versions.node.split('.').map(Number)

if (major < 22 || (major === 22 && minor < 18)) {
  console.error(`Node ${process.versions.node} is too old: the project needs 22.18 or newer; run "npm ci" (with scripts and development dependencies), which installs Node 24 for the npm scripts, and start them through npm`)
  process.exit(1)
}
