/** Conversions of Web IDL, as far as the API's arguments need them. */

/** `unsigned short`: modulo 2^16; what is no number becomes 0. */
export function toUnsignedShort(value: unknown): number {
  const number = Math.trunc(Number(value));
  return Number.isFinite(number) ? number & 0xffff : 0;
}

/** `[EnforceRange] unsigned short`: throws TypeError outside 0 to 65535. */
export function enforceUnsignedShort(name: string, value: unknown): number {
  return enforceRange(name, value, 65535);
}

/** `[EnforceRange]` of an unsigned integer up to `max`: throws TypeError. */
export function enforceRange(name: string, value: unknown, max: number): number {
  const number = Math.trunc(Number(value));
  if (!Number.isFinite(number) || number < 0 || number > max)
    throw new TypeError(`${name} is not in the range 0 to ${max}`);
  return number + 0;
}

/** `unsigned long`: modulo 2^32. */
export function toUnsignedLong(value: unknown): number {
  const number = Math.trunc(Number(value));
  return Number.isFinite(number) ? number >>> 0 : 0;
}

/** `USVString`: lone surrogates become U+FFFD. */
export function toUSVString(value: unknown): string {
  return `${value as string}`.toWellFormed();
}

/** An enumeration: throws TypeError when the value is none of `values`. */
export function toEnum<T extends string>(name: string, value: unknown, values: readonly T[]): T {
  const text = String(value) as T;
  if (!values.includes(text)) throw new TypeError(`${text} is not a valid ${name}`);
  return text;
}
