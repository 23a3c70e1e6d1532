/** Random runs of a property: as usual, or as many as HOLDFAST_TEST_RUNS says if that is more. */
export const runs = (usual: number): number => Math.max(usual, Number(process.env['HOLDFAST_TEST_RUNS'] ?? 0));
