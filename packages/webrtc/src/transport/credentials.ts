import { generateCredentials, type IceCredentials } from '@kaon/ice';
import type { Configuration } from '../configuration.ts';
import type { Environment } from '../environment.ts';

/** New ICE credentials; on a shared port they begin as it wants them to. */
export function newCredentials({ crypto }: Environment, { kaon }: Configuration): IceCredentials {
  const credentials = generateCredentials(crypto.random);
  const prefix = kaon.udpMux?.usernameFragmentPrefix ?? kaon.tcpMux?.usernameFragmentPrefix ?? '';
  return prefix === '' ? credentials : { ...credentials, usernameFragment: prefix + credentials.usernameFragment };
}
