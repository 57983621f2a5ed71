/** The demo's HTTP server on localhost: the page, its modules with the types stripped, and the WebSockets. */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

/** A running server. */
export interface DemoServer {
  /** `http://localhost:PORT/` */
  readonly url: string;
  close(): Promise<void>;
}

/** What the server hands on: one callback per WebSocket, told apart by the path it was opened on. */
export interface DemoHandlers {
  /** `/relay`: the two sockets that join it hear each other. */
  readonly page: (socket: WebSocket) => void;
}

const FILES: ReadonlyMap<string, readonly [file: string, type: string]> = new Map([
  ['/', ['browser/index.html', 'text/html']],
  ['/style.css', ['browser/style.css', 'text/css']],
  ['/browser/app.js', ['browser/app.ts', 'text/javascript']],
  ['/browser/view.js', ['browser/view.ts', 'text/javascript']],
  ['/file-transfer.js', ['file-transfer.ts', 'text/javascript']],
  ['/signaling.js', ['signaling.ts', 'text/javascript']],
  ['/protocol.js', ['protocol.ts', 'text/javascript']],
]);

/** Listens on localhost. With port 0, or when `port` is taken and `fallback` is set, any free port is used. */
export async function startServer(port: number, handlers: DemoHandlers): Promise<DemoServer> {
  const http = createServer((request, response) => {
    respond(request, response).catch(() => response.writeHead(500).end());
  });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 256 * 1024 });
  let waiting: WebSocket | undefined;
  const relay = (socket: WebSocket): void => {
    if (waiting === undefined) {
      waiting = socket;
      return;
    }
    join(waiting, socket);
    waiting = undefined;
  };
  http.on('upgrade', (request, stream, head) => {
    const accept = request.url === '/relay' ? relay : request.url === '/page' ? handlers.page : undefined;
    // A page of another origin must not talk to this peer through the visitor's browser.
    if (accept === undefined || !sameOrigin(request)) stream.destroy();
    else sockets.handleUpgrade(request, stream, head, accept);
  });
  await listen(http, port).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
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

async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const found = FILES.get(new URL(request.url ?? '/', 'http://localhost').pathname);
  if (found === undefined) {
    response.writeHead(404).end('not found');
    return;
  }
  const [file, type] = found;
  const source = await readFile(new URL(file, import.meta.url), 'utf8');
  const body = file.endsWith('.ts') ? stripTypeScriptTypes(source).replaceAll(/(from '[^']+)\.ts'/g, "$1.js'") : source;
  response.writeHead(200, { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-store' }).end(body);
}

function sameOrigin(request: IncomingMessage): boolean {
  const { origin, host } = request.headers;
  return origin === undefined || new URL(origin).host === host;
}

function join(a: WebSocket, b: WebSocket): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.on('message', (data) => to.send(String(data)));
    from.on('close', () => to.close());
    from.send(JSON.stringify({ ready: true }));
  }
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
