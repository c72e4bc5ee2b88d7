/**
 * The part of tap's `t` that helpers use: they close what they opened when that test ends. Pass the `t` of a file to share
 * something within the file.
 */
export interface TestScope {
  teardown (close: () => unknown): void
}
