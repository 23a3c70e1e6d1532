import { InvalidNameError } from './errors.ts';
import { validateName } from './server/index.ts';

/** The name, or an `InvalidNameError` that says which rule it breaks. */
export const checkName = (name: string): string => {
  const bad = validateName(name);
  if (bad === undefined) return name;
  throw new InvalidNameError(`the name of a lock must not be that: it is ${bad}`);
};
