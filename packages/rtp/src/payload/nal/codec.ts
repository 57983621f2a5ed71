/** What H.264 (RFC 6184) and H.265 (RFC 7798) do differently with NAL units in payloads; all else they have in common. */
export interface NalCodec {
  readonly name: string;
  /** Bytes in front of each NAL unit's payload. */
  readonly headerLength: 1 | 2;
  /** Largest type of a NAL unit that may stand alone; those above are for RTP. */
  readonly maxType: number;
  readonly aggregationType: number;
  readonly fragmentType: number;
  /** Type of the NAL unit whose header begins at `start`. */
  type(bytes: Uint8Array, start: number): number;
  /** Type of the NAL unit whose fragment has this fragment header. */
  fragmentedType(fragmentHeader: number): number;
  /** Writes the header of a payload of type `type` that stands for the NAL units at these places. */
  writePayloadHeader(
    buffer: Uint8Array,
    offset: number,
    type: number,
    data: Uint8Array,
    units: readonly { readonly start: number }[],
  ): void;
  /** Writes the header of a NAL unit whose fragment begins at `start`. */
  restoreHeader(out: Uint8Array, bytes: Uint8Array, start: number): void;
  /** A parameter set that is sent in front of key pictures, and that they cannot be decoded without. */
  isParameterSet(type: number): boolean;
  /** A slice of a picture that can be decoded without others. */
  isKey(type: number): boolean;
  /** Whether the NAL unit stands first in an access unit whatever came before: a parameter set that is sent first, a delimiter. */
  isFirst(type: number): boolean;
  /** A slice that is not one of a key picture. */
  isDeltaSlice(type: number): boolean;
}
