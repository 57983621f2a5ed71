/** What every `decode*` returns for bytes that are not what they should be. A constant: refusing must cost nothing. */
export interface Malformed {
  readonly malformed: true;
}

/** The one `Malformed` value of this copy of the package. Test with `isMalformed`, never by identity. */
export const MALFORMED: Malformed = Object.freeze({ malformed: true });

/** Whether a decoder's answer is a refusal. Structural, so that two copies of this package agree. */
export function isMalformed(value: unknown): value is Malformed {
  return typeof value === 'object' && value !== null && (value as Partial<Malformed>).malformed === true;
}
