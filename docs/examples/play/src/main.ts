/** Plays a file to every browser that opens the page. */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { RTCPeerConnection } from '@kaon/webrtc';
import type { Answered } from './answer.ts';
import { play } from './play.ts';

const [file, port = '8080'] = process.argv.slice(2);
if (file === undefined) {
  console.error('Which file? For example: start film.webm');
  process.exit(1);
}

const LARGEST_OFFER = 200_000;
const viewers = new Set<Answered>();

const server = createServer(async (request, response) => {
  try {
    if (request.method === 'GET' && request.url === '/') {
      const page = readFileSync(new URL('../browser/index.html', import.meta.url));
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page);
    } else if (request.method === 'POST' && request.url === '/watch') {
      const viewer = await play(new RTCPeerConnection(), file, await body(request), { loop: true });
      viewers.add(viewer);
      response.writeHead(201, { 'content-type': 'application/sdp' }).end(viewer.sdp);
    } else response.writeHead(404).end();
  } catch (error) {
    response.writeHead(400, { 'content-type': 'text/plain' }).end(String(error));
  }
});

server.listen(Number(port), 'localhost', () => console.log(`${file} plays at http://localhost:${port}`));

process.once('SIGINT', () => {
  for (const viewer of viewers) viewer.end();
  server.close();
  server.closeAllConnections();
});

async function body(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > LARGEST_OFFER) throw new RangeError('the offer is too long');
  }
  return text;
}
