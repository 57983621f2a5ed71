/*
 * server_name (RFC 6066 §3):
 *
 *   enum { host_name(0) } NameType;
 *   struct { NameType name_type; opaque HostName<1..2^16-1>; } ServerName;
 *   struct { ServerName server_name_list<1..2^16-1> } ServerNameList;
 */
import { encodeUtf8, Writer } from '@kaon/wire';
import { EXTENSION_TYPE, type Extension } from './extension.ts';

/** `name` is a DNS name in ASCII without a dot at its end. */
export function encodeServerName(name: string): Extension {
  const data = new Writer(64)
    .vector(2, (list) => list.u8(HOST_NAME).vector(2, (host) => host.bytes(encodeUtf8(name))))
    .finish();
  return { type: EXTENSION_TYPE.serverName, data };
}

const HOST_NAME = 0;
