import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['@kaon/source', 'node', 'import', 'default'] },
  ssr: { resolve: { conditions: ['@kaon/source', 'node', 'import', 'default'] } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'docs/examples/*/test/**/*.test.ts', 'demo/test/**/*.test.ts'],
    // A story that hangs should say so long before CI gives up.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    execArgv: ['--conditions=@kaon/source'],
  },
});
