// Plain JavaScript that old versions of Node can run too: it has to be able to say what is wrong before anything else is loaded.

const [major, minor] = process.versions.node.split('.').map(Number)

if (major < 22 || (major === 22 && minor < 18)) {
  console.error([
    `This is Node ${process.versions.node}; the project needs 22.18 or newer, since its TypeScript files run without a build.`,
    'Node 24 is among the development dependencies, and npm puts it first on the PATH of its scripts:',
    '  1. npm ci               (without --ignore-scripts and without --omit=dev, or it is not unpacked)',
    '  2. npm test, npm start  (through npm, not by calling node directly)'
  ].join('\n'))
  process.exit(1)
}
