/*
 * Extensions (RFC 5246 §7.4.1.4):
 *
 *   struct {
 *     ExtensionType extension_type;      2
 *     opaque extension_data<0..2^16-1>;
 *   } Extension;
 *
 * A hello carries `Extension extensions<0..2^16-1>`, or nothing at all.
 */
import { MALFORMED, type Malformed, type Reader, type Writer } from '@kaon/wire';

/** An extension as it is on the wire; each known type has a codec for `data` in its own file. */
export interface Extension {
  readonly type: number;
  readonly data: Uint8Array;
}

/** Extension types that this package knows (IANA "TLS ExtensionType Values"). */
export const EXTENSION_TYPE = {
  serverName: 0,
  supportedGroups: 10,
  ecPointFormats: 11,
  signatureAlgorithms: 13,
  useSrtp: 14,
  extendedMasterSecret: 23,
  supportedVersions: 43,
  renegotiationInfo: 0xff01,
} as const;

/** Reads the extensions at the end of a hello: all that is left. None at all is fine, the same type twice is not. */
export function readExtensions(reader: Reader): readonly Extension[] | Malformed {
  const extensions: Extension[] = [];
  if (reader.remaining === 0) return reader.failed ? MALFORMED : extensions;
  const list = reader.sub(reader.u16());
  const seen = new Set<number>();
  while (list.remaining > 0) {
    const type = list.u16();
    const data = list.view(list.u16());
    if (seen.has(type)) return MALFORMED;
    seen.add(type);
    extensions.push({ type, data });
  }
  return list.failed || reader.failed || reader.remaining > 0 ? MALFORMED : extensions;
}

/** Writes the extensions of a hello; an empty list writes nothing. */
export function writeExtensions(writer: Writer, extensions: readonly Extension[]): void {
  if (extensions.length === 0) return;
  writer.vector(2, (list) => {
    for (const extension of extensions) list.u16(extension.type).vector(2, (data) => data.bytes(extension.data));
  });
}

/** The data of the extension of this type, or undefined. */
export function findExtension(extensions: readonly Extension[], type: number): Uint8Array | undefined {
  for (const extension of extensions) if (extension.type === type) return extension.data;
  return undefined;
}
