export * from './clock.ts';
export * from './system-clock.ts';
