/** What the server serves: the page, and the modules it shares with the Node side, with their types stripped. */
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';

const HTML = 'text/html; charset=utf-8';
const CSS = 'text/css; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';

/** By the path of the URL. Nothing else is ever read. */
const FILES: ReadonlyMap<string, readonly [file: string, type: string]> = new Map([
  ['/', ['browser/index.html', HTML]],
  ['/style.css', ['browser/style.css', CSS]],
  ...[
    'browser/app',
    'browser/sha256',
    'browser/transfers',
    'browser/view',
    'file-transfer',
    'format',
    'inbox',
    'protocol',
    'signaling',
    'stats',
  ].map((module): [string, [string, string]] => [`/${module}.js`, [`${module}.ts`, SCRIPT]]),
]);

const HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:",
  'x-content-type-options': 'nosniff',
};

/** Answers one request. */
export async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url } = request;
  const found = FILES.get(url?.split('?', 1)[0] ?? '');
  if (found === undefined) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('not found\n');
  } else if (method !== 'GET' && method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
  } else {
    const [file, type] = found;
    const source = await readFile(new URL(file, import.meta.url), 'utf8');
    response.writeHead(200, { ...HEADERS, 'content-type': type }).end(file.endsWith('.ts') ? script(source) : source);
  }
}

/** The module as browsers take it. */
function script(source: string): string {
  return stripTypeScriptTypes(source).replaceAll(/(from '\.[^']+)\.ts'/g, "$1.js'");
}
