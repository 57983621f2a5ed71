import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the small HTTP server tells. */
export interface MetricsSource {
  /** Text in Prometheus' exposition format. */
  text(): Promise<string>;
  /** Whether new clients are served: false while the server drains. */
  readonly serving: boolean;
}

/** A running metrics endpoint. */
export interface MetricsServer {
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

/** `GET /metrics` for Prometheus, and `GET /health` for probes: 200 while new clients are served, else 503. Rejects when it cannot bind. */
export function listenForMetrics(address: string, port: number, source: MetricsSource): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0];
    const send = (status: number, type: string, body: string): void => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
      response.end(request.method === 'HEAD' ? '' : body);
    };
    if (request.method !== 'GET' && request.method !== 'HEAD') send(405, 'text/plain', 'Only GET\n');
    else if (path === '/health') send(source.serving ? 200 : 503, 'text/plain', source.serving ? 'ok\n' : 'draining\n');
    else if (path !== '/metrics') send(404, 'text/plain', 'There is /metrics and /health\n');
    else {
      source.text().then(
        (text) => send(200, 'text/plain; version=0.0.4; charset=utf-8', text),
        () => send(503, 'text/plain', 'no answer\n'),
      );
    }
  });
  server.requestTimeout = 10_000;
  server.maxConnections = 64;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port }, () => {
      server.off('error', reject);
      // Such as a connection that found no free file: the next one may.
      server.on('error', () => {});
      const bound = server.address() as AddressInfo;
      resolve({ address: bound.address, port: bound.port, close: () => end(server) });
    });
  });
}

function end(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
