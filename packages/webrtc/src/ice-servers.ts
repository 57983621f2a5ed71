import { parseUri, type StunUri } from '@kaon/stun';
import { domError } from './errors.ts';
import { toEnum } from './idl.ts';
import type { RelayToken } from './relay/types.ts';

/** A STUN or TURN server (W3C WebRTC §4.2.4). */
export interface RTCIceServer {
  urls: string | string[];
  /** With a token: its key identifier. */
  username?: string;
  /** With a token: the key that server and client share, base64. */
  credential?: string;
  /** Default `password`. `oauth`: a token of RFC 7635, as earlier versions of the standard had it. */
  credentialType?: 'password' | 'oauth';
  /** With `oauth`: what the server decrypts to get the key, base64. */
  accessToken?: string;
}

/** One URL of one server, checked. */
export interface ServerUrl {
  readonly url: string;
  readonly uri: StunUri;
  readonly username?: string | undefined;
  readonly credential?: string | RelayToken | undefined;
}

/**
 * Every URL of every server. Throws TypeError without `urls`, SyntaxError on a URL that is none, InvalidAccessError on a
 * TURN server without user name or credential.
 */
export function parseIceServers(servers: readonly RTCIceServer[]): readonly ServerUrl[] {
  return servers.flatMap((server) => {
    if (typeof server !== 'object' || server === null || server.urls === undefined)
      throw new TypeError('an ICE server needs urls');
    const urls = typeof server.urls === 'string' ? [server.urls] : [...server.urls].map(String);
    if (urls.length === 0) throw domError('SyntaxError', 'the urls of an ICE server are empty');
    return urls.map((url) => ({
      url,
      uri: parse(url, server),
      username: server.username,
      credential: credentialOf(server),
    }));
  });
}

function parse(url: string, server: RTCIceServer): StunUri {
  let uri: StunUri;
  try {
    uri = parseUri(url);
  } catch (error) {
    throw domError('SyntaxError', error instanceof Error ? error.message : `${url} is not the URL of a server`);
  }
  if (uri.scheme === 'turn' || uri.scheme === 'turns') {
    if (server.username === undefined || server.credential === undefined)
      throw domError('InvalidAccessError', `${url} needs username and credential`);
    checkCredential(url, server);
  }
  // RFC 8489 §14.3: a user name has fewer than 509 bytes.
  if (new TextEncoder().encode(server.username ?? '').length > 508)
    throw domError('SyntaxError', 'the user name of an ICE server is longer than 508 bytes');
  return uri;
}

/** Throws TypeError on a type of credential that does not exist, InvalidAccessError on a credential that is not of its type. */
function checkCredential(url: string, { credential, credentialType, accessToken }: RTCIceServer): void {
  const type = toEnum('RTCIceCredentialType', credentialType ?? 'password', ['password', 'oauth']);
  const fits = type === 'password' ? typeof credential === 'string' : isBase64(credential) && isBase64(accessToken);
  if (!fits) throw domError('InvalidAccessError', `the credential of ${url} is not of the type ${type}`);
}

function credentialOf({ credential, credentialType, accessToken }: RTCIceServer): string | RelayToken | undefined {
  if (credentialType !== 'oauth' || credential === undefined || accessToken === undefined) return credential;
  return { macKey: credential, accessToken };
}

function isBase64(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && /^[A-Za-z0-9+/]+={0,2}$/.test(value) && value.length % 4 === 0;
}
