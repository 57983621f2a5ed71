import { request } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type DemoServer, startServer } from '../src/server.ts';

let server: DemoServer;
let pages: number;
beforeEach(async () => {
  pages = 0;
  server = await startServer(0, () => pages++);
});
afterEach(() => server.close());

describe('the page', () => {
  it('is served with all modules it needs, as JavaScript', async () => {
    const html = await fetch(server.url);
    expect(html.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const body = await html.text();
    expect(body).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    const waiting = [...body.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path!);
    const types = new Map<string, string | null>();
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      const url = new URL(path, server.url);
      if (types.has(url.pathname)) continue;
      const response = await fetch(url);
      expect([url.pathname, response.status]).toEqual([url.pathname, 200]);
      types.set(url.pathname, response.headers.get('content-type'));
      if (!url.pathname.endsWith('.js')) continue;
      const code = await response.text();
      expect(stripTypeScriptTypes(code), `${path} still has types`).toBe(code);
      for (const [, specifier] of code.matchAll(/from '([^']+)'/g)) waiting.push(new URL(specifier!, url).pathname);
    }
    expect(types.get('/style.css')).toBe('text/css; charset=utf-8');
    expect(types.get('/browser/app.js')).toBe('text/javascript; charset=utf-8');
    expect(types.get('/signaling.js')).toBe('text/javascript; charset=utf-8');
  });

  it.each(['/main.ts', '/main.js', '/browser/', '/..%2fpackage.json', '//', '/?x', '/style.css?y'])(
    'is all there is: %s',
    async (path) => {
      expect(await status(path)).toBe(path.includes('?') ? 200 : 404);
    },
  );

  it('is read, not written', async () => {
    expect(await status('/', { method: 'POST' })).toBe(405);
    expect(await status('/', { method: 'HEAD' })).toBe(200);
  });

  it('is for this machine only, whatever name was made to point to it', async () => {
    const { port } = new URL(server.url);
    expect(await status('/', { host: `evil.example:${port}` })).toBe(403);
    expect(await status('/', { host: `127.0.0.1:${port}` })).toBe(200);
  });
});

describe('WebSockets', () => {
  it.each(['http://evil.example', 'null', 'http://localhost:1', 'rubbish'])(
    'of origin %s are refused',
    async (origin) => {
      expect(await openSocket('page', origin)).toBe('Unexpected server response: 403');
      expect(pages).toBe(0);
    },
  );

  it('of the page itself and of programs are taken', async () => {
    expect(await openSocket('page', server.url.replace(/\/$/, ''))).toBe('open');
    expect(await openSocket('page')).toBe('open');
    expect(pages).toBe(2);
  });

  it('of a page under a foreign name are refused', async () => {
    expect(await openSocket('page', 'http://evil.example', 'evil.example')).toBe('Unexpected server response: 403');
  });

  it('on other paths are refused', async () => {
    expect(await openSocket('elsewhere')).toBe('Unexpected server response: 404');
  });

  it('that join the relay are put together in pairs; one that left is not waited for', async () => {
    const gone = await relay();
    gone.close();
    await gone.closed;
    const [a, b] = [await relay(), await relay()];
    expect([await a.next(), await b.next()]).toEqual(['{"ready":true}', '{"ready":true}']);
    a.send('hello');
    expect(await b.next()).toBe('hello');
    b.close();
    await a.closed;
  });

  it('that break the protocol end nothing but themselves', async () => {
    const socket = await relay();
    socket.send('x'.repeat(300 * 1024));
    await socket.closed;
    expect(await status('/')).toBe(200);
  });
});

it('a port that was asked for and is taken is an error; with none asked for there is always one', async () => {
  const { port } = new URL(server.url);
  await expect(startServer(Number(port), () => undefined)).rejects.toThrow(`port ${port} is taken`);
  const [one, two] = [await startServer(undefined, () => undefined), await startServer(undefined, () => undefined)];
  expect(one.url).not.toBe(two.url);
  await Promise.all([one.close(), two.close()]);
});

function status(path: string, { method = 'GET', host = new URL(server.url).host } = {}): Promise<number | undefined> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers: { host } }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode));
    });
    sent.on('error', reject);
    sent.end();
  });
}

function openSocket(path: string, origin?: string, host?: string): Promise<string> {
  const socket = new WebSocket(new URL(path, server.url.replace('http', 'ws')), {
    ...(origin === undefined ? {} : { origin }),
    ...(host === undefined ? {} : { headers: { host } }),
  });
  return new Promise((resolve) => {
    socket.on('open', () => resolve('open'));
    socket.on('error', ({ message }) => resolve(message));
  });
}

interface RelaySocket {
  readonly closed: Promise<void>;
  next(): Promise<string>;
  send(text: string): void;
  close(): void;
}

async function relay(): Promise<RelaySocket> {
  const socket = new WebSocket(new URL('relay', server.url.replace('http', 'ws')));
  const messages: string[] = [];
  let wake = (): void => undefined;
  socket.on('message', (data) => {
    messages.push(String(data));
    wake();
  });
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  await new Promise((resolve) => socket.on('open', resolve));
  return {
    closed,
    next: async () => {
      while (messages.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return messages.shift()!;
    },
    send: (text) => socket.send(text),
    close: () => socket.close(),
  };
}
