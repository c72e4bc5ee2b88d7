/** What a helper needs of tap's `t`: it closes what it opened when that test ends. Pass the `t` of a file to share it in the file. */
export interface TestScope {
  teardown (close: () => unknown): void
}
