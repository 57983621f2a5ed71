/** The demo's HTTP server on localhost: the page, its modules with the types stripped, and the WebSockets. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { respond } from './page-files.ts';
import { Relay } from './relay.ts';

/** A running server. */
export interface DemoServer {
  /** `http://localhost:PORT/` */
  readonly url: string;
  close(): Promise<void>;
}

/** Used when no port is asked for. */
const DEFAULT_PORT = 8080;
const LONGEST_SIGNAL = 256 * 1024;
const LOCAL_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Listens on localhost, on `port`, or by default on 8080 or any free one. `onPage` gets the signaling socket of each
 * page (`/page`); the two sockets that join `/relay` hear each other. Rejects when the port is taken.
 */
export async function startServer(port: number | undefined, onPage: (socket: WebSocket) => void): Promise<DemoServer> {
  const http = createServer((request, response) => {
    // A name that somebody else made point to this machine must not get its answers (DNS rebinding).
    if (hostOf(request) === undefined) response.writeHead(403).end('only for localhost\n');
    else respond(request, response).catch(() => response.writeHead(500).end());
  });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: LONGEST_SIGNAL });
  const relay = new Relay();
  http.on('upgrade', (request, stream, head) => {
    const accept = acceptorFor(request.url, relay, onPage);
    if (accept === undefined) refuse(stream, '404 Not Found');
    else if (!isOwnPage(request)) refuse(stream, '403 Forbidden');
    else {
      sockets.handleUpgrade(request, stream, head, (socket) => {
        // A frame that breaks the protocol closes the socket; there is nothing more to do about it.
        socket.on('error', () => undefined);
        accept(socket);
      });
    }
  });
  await listen(http, port ?? DEFAULT_PORT).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    if (port !== undefined) throw new Error(`port ${port} is taken`);
    return listen(http, 0);
  });
  const { port: bound } = http.address() as AddressInfo;
  return {
    url: `http://localhost:${bound}/`,
    close: () =>
      new Promise((resolve) => {
        for (const client of sockets.clients) client.terminate();
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
}

function acceptorFor(
  path: string | undefined,
  relay: Relay,
  onPage: (socket: WebSocket) => void,
): ((socket: WebSocket) => void) | undefined {
  if (path === '/relay') return (socket) => relay.join(socket);
  return path === '/page' ? onPage : undefined;
}

/** A page of another origin must not talk to this peer through the visitor's browser. Programs send no origin. */
function isOwnPage(request: IncomingMessage): boolean {
  const host = hostOf(request);
  const { origin } = request.headers;
  return host !== undefined && (origin === undefined || origin === `http://${host}`);
}

/** The Host header, if it is a name of this machine. */
function hostOf({ headers: { host } }: IncomingMessage): string | undefined {
  return host !== undefined && LOCAL_NAMES.has(host.replace(/:\d+$/, '').toLowerCase()) ? host : undefined;
}

function refuse(stream: Duplex, status: string): void {
  stream.on('error', () => undefined);
  stream.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

function listen(http: ReturnType<typeof createServer>, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, 'localhost', () => {
      http.off('error', reject);
      resolve();
    });
  });
}
