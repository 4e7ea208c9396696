import { expect, test } from 'vitest';
import { soakKills } from '../../soak/kills.ts';

test('workers may be killed at any time: no signal comes twice, and what became of each is known', {
  timeout: 120_000,
}, async () => {
  const said: string[] = [];
  const figures = await soakKills({
    signals: 500,
    spanSeconds: 5,
    laterSeconds: 6,
    killMs: 300,
    workers: 6,
    deliverSeconds: 8,
    patienceSeconds: 90,
    print: (line) => said.push(line),
  });
  expect(figures.wrong, said.join('\n')).toEqual([]);
  expect(figures.counts.get('sent'), said.join('\n')).toBeGreaterThan(250);
  expect(figures.kills).toBeGreaterThan(5);
  expect(figures.faults).toBeGreaterThan(30);
});
