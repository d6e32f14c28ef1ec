import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // What tests read must not depend on the language of whoever runs them.
    env: { LINGPAI_LANGUAGE: 'en' },
    // Patience costs nothing where all is well: where the machine has other work, a test takes many times as long.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000 } },
    pool: 'forks',
    maxWorkers: 2,
    // Of tests that mostly wait, so many of a file run side by side.
    maxConcurrency: 3,
  },
})
