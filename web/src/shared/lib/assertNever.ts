/** Makes a `switch` over a union complete: a new member fails the build here. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${String(value)}`);
}
