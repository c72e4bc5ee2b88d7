/** Something the tests need is not there, or did not start. The message is for the person at the terminal and says what to do. */
export class SetupError extends Error {
  override name = 'SetupError'
}
