/** The members that have a value: a statistics object has no others (W3C WebRTC §8.4). */
export function present<T extends object>(members: { [Name in keyof T]: T[Name] | undefined }): T {
  const result: Record<string, unknown> = {};
  for (const name in members) {
    const value = members[name];
    if (value !== undefined) result[name] = value;
  }
  return result as T;
}
