/** Sets a member that the user left out. */
export function setDefault<T extends object, K extends keyof T>(
  object: T,
  key: K,
  value: NonNullable<T[K]>,
): void {
  object[key] ??= value;
}
