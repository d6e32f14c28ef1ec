import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // What tests read must not depend on the language of whoever runs them.
    env: { LINGPAI_LANGUAGE: 'en' },
    // Ten times what the longest ones take on a quiet machine, since none is always quiet.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    // Of tests that mostly wait, so many of a file run side by side.
    maxConcurrency: 3,
  },
})
