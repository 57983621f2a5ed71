import { parseUri, type StunUri } from '@kaon/stun';
import { domError } from './errors.ts';

/** A STUN or TURN server (W3C WebRTC §4.2.4). */
export interface RTCIceServer {
  urls: string | string[];
  username?: string;
  credential?: string;
}

/** One URL of one server, checked. */
export interface ServerUrl {
  readonly url: string;
  readonly uri: StunUri;
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
    return urls.map((url) => ({ url, uri: parse(url, server) }));
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
  // RFC 8489 §14.3: a user name has fewer than 509 bytes.
  if (new TextEncoder().encode(server.username ?? '').length > 508)
    throw domError('SyntaxError', 'the user name of an ICE server is longer than 508 bytes');
  return uri;
}
