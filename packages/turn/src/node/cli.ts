#!/usr/bin/env node
import { main } from './command/main.ts';

// Not `process.exit`: what still has to be written is written, and nothing may be left that keeps the process alive.
process.exitCode = await main(process.argv.slice(2));
