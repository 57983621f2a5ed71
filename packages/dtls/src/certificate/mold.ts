import type { AlgorithmDetails } from './algorithm.ts';

/** What differs from one certificate to the next. */
export interface Variables {
  /** 16 bytes. */
  readonly serial: Uint8Array;
  /** The first and the last moment at which it is valid. */
  readonly dates: readonly [Date, Date];
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
}

/** A TBSCertificate (RFC 5280 §4.1) to be filled in. */
export interface Mold {
  /** AlgorithmIdentifier of the signature, DER. */
  readonly signatureIdentifier: Uint8Array;
  /** A copy with these variables, which have the lengths of those that the mold was made with. */
  fill(variables: Variables): Uint8Array<ArrayBuffer>;
}

/** Writes a TBSCertificate with asn1js and notes where its variables are. */
export async function makeMold(
  { algorithm, parameters }: AlgorithmDetails['signatureIdentifier'],
  commonName: string,
  dates: readonly [Date, Date],
  publicKey: Uint8Array,
): Promise<Mold> {
  // Loaded on use: a program that brings its own certificate need not wait for it.
  const asn1js = await import('asn1js');
  const { Constructed, Integer, Null, ObjectIdentifier, Sequence, Set: SetOf, Utf8String } = asn1js;
  const identifier = new Sequence({
    value: [new ObjectIdentifier({ value: algorithm }), ...(parameters === 'null' ? [new Null()] : [])],
  });
  const named = new Sequence({
    value: [new ObjectIdentifier({ value: '2.5.4.3' }), new Utf8String({ value: commonName })],
  });
  const name = new Sequence({ value: [new SetOf({ value: [named] })] });
  const version = new Constructed({ idBlock: { tagClass: 3, tagNumber: 0 }, value: [new Integer({ value: 2 })] });
  const serial = new Integer({ valueHex: new Uint8Array(16).fill(0x41) });
  const validity = new Sequence({ value: dates.map((date) => time(date, asn1js)) });
  const subjectPublicKeyInfo = asn1js.fromBER(publicKey.slice().buffer).result;
  const parts = [version, serial, identifier, name, validity, name, subjectPublicKeyInfo];
  const tbs = new Uint8Array(new Sequence({ value: parts }).toBER(false));

  // Counted from the end, where no length stands in between.
  const size = (part: { toBER(sizeOnly: boolean): ArrayBuffer }): number => part.toBER(false).byteLength;
  const keyAt = tbs.length - publicKey.length;
  const validityAt = keyAt - size(name) - size(validity);
  const serialAt = validityAt - size(name) - size(identifier) - 16;
  // A sequence and a time of less than 128 bytes have headers of two.
  const [firstAt, secondAt] = [validityAt + 4, validityAt + 4 + timeText(dates[0]).length + 2];
  return {
    signatureIdentifier: new Uint8Array(identifier.toBER(false)),
    fill: (variables) => {
      const filled = tbs.slice();
      filled.set(variables.serial, serialAt);
      filled.set(ascii(timeText(variables.dates[0])), firstAt);
      filled.set(ascii(timeText(variables.dates[1])), secondAt);
      filled.set(variables.publicKey, keyAt);
      return filled;
    },
  };
}

/** UTCTime up to the year 2049, GeneralizedTime from then on (RFC 5280 §4.1.2.5). */
function time(valueDate: Date, { GeneralizedTime, UTCTime }: typeof import('asn1js')): import('asn1js').UTCTime {
  return valueDate.getUTCFullYear() < 2050 ? new UTCTime({ valueDate }) : new GeneralizedTime({ valueDate });
}

/** `YYMMDDHHMMSSZ`, from 2050 on `YYYYMMDDHHMMSSZ`. */
function timeText(date: Date): string {
  // YYYY-MM-DDTHH:MM:SS.sssZ
  const iso = date.toISOString();
  const pick = (at: number): string => iso.slice(at, at + 2);
  const century = date.getUTCFullYear() < 2050 ? '' : pick(0);
  return `${century}${pick(2)}${pick(5)}${pick(8)}${pick(11)}${pick(14)}${pick(17)}Z`;
}

function ascii(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
