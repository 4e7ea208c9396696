import type { Reporter, TestModule } from 'vitest/node';

/** Tells of each test that was skipped, with the reason, where the run is summed up: none is left out silently. */
export default class Skips implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = modules.flatMap((module) => [...module.children.allTests('skipped')]);
    if (skipped.length === 0) return;
    const lines = skipped.map((test) => {
      const result = test.result();
      const reason = 'note' in result && result.note ? result.note : 'no reason is given';
      return `    ${test.module.relativeModuleId} > ${test.fullName}\n      ${reason}\n`;
    });
    process.stdout.write(`\n Skipped, each with its reason\n${lines.join('')}`);
  }
}
