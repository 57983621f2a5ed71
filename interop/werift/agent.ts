/** werift behind the control protocol. */
import { serveStdio } from '../src/agent/stdio.ts';
import { W3cAgent } from '../src/agent/w3c.ts';
import { weriftStack } from './stack.ts';

serveStdio((report) => {
  const agent = new W3cAgent(weriftStack, report);
  return (command) => agent.handle(command);
});
