/** Something that the tests require is missing or did not start. The message is for the user and says what to do. */
export class SetupError extends Error {
  override name = 'SetupError'
}
