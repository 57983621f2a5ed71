/** Everybody who opens the page gets a connection, all on one port. */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { SinglePortServer } from './server.ts';

const [port = '5000', http = '8080'] = process.argv.slice(2);
const LARGEST_OFFER = 200_000;
const peers = await SinglePortServer.listen({ port: Number(port) });

const server = createServer(async (request, response) => {
  try {
    if (request.method === 'GET' && request.url === '/') {
      const page = readFileSync(new URL('../browser/index.html', import.meta.url));
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page);
    } else if (request.method === 'POST' && request.url === '/offer') {
      const sdp = await peers.answer(await body(request));
      response.writeHead(201, { 'content-type': 'application/sdp' }).end(sdp);
    } else response.writeHead(404).end();
  } catch (error) {
    response.writeHead(400, { 'content-type': 'text/plain' }).end(String(error));
  }
});

server.listen(Number(http), 'localhost', () => console.log(`http://localhost:${http}, connections on port ${port}`));

process.once('SIGINT', () => {
  peers.close();
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
