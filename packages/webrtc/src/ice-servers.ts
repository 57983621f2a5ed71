import { parseUri, type StunUri } from '@kaon/stun';
import { domError } from './errors.ts';
import { toEnum } from './idl.ts';

/** A token in place of a password (RFC 7635). */
export interface RTCOAuthCredential {
  /** The key that server and client share, base64. */
  macKey: string;
  /** What the server decrypts to get it, base64. */
  accessToken: string;
}

/** A STUN or TURN server (W3C WebRTC §4.2.4). */
export interface RTCIceServer {
  urls: string | string[];
  /** With a token: its key identifier. */
  username?: string;
  credential?: string | RTCOAuthCredential;
  /** Default `password`; `oauth` was in earlier versions of the standard. */
  credentialType?: 'password' | 'oauth';
}

/** One URL of one server, checked. */
export interface ServerUrl {
  readonly url: string;
  readonly uri: StunUri;
  readonly username?: string | undefined;
  readonly credential?: string | RTCOAuthCredential | undefined;
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
    const { username, credential } = server;
    return urls.map((url) => ({ url, uri: parse(url, server), username, credential }));
  });
}

function parse(url: string, server: RTCIceServer): StunUri {
  let uri: StunUri;
  try {
    uri = parseUri(url);
  } catch (error) {
    throw domError('SyntaxError', error instanceof Error ? error.message : `${url} is not the URL of a server`);
  }
  if (
    (uri.scheme === 'turn' || uri.scheme === 'turns') &&
    (server.username === undefined || server.credential === undefined)
  )
    throw domError('InvalidAccessError', `${url} needs username and credential`);
  checkCredential(url, server);
  // RFC 8489 §14.3: a user name has fewer than 509 bytes.
  if (new TextEncoder().encode(server.username ?? '').length > 508)
    throw domError('SyntaxError', 'the user name of an ICE server is longer than 508 bytes');
  return uri;
}

/** Throws TypeError or InvalidAccessError on a credential that is not of its type. */
function checkCredential(url: string, { credential, credentialType }: RTCIceServer): void {
  const type = toEnum('RTCIceCredentialType', credentialType ?? 'password', ['password', 'oauth']);
  if (credential === undefined) return;
  const fits =
    type === 'password'
      ? typeof credential === 'string'
      : typeof credential === 'object' && isBase64(credential.macKey) && isBase64(credential.accessToken);
  if (!fits) throw domError('InvalidAccessError', `the credential of ${url} is not of the type ${type}`);
}

function isBase64(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && /^[A-Za-z0-9+/]+={0,2}$/.test(value) && value.length % 4 === 0;
}
