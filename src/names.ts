import { InvalidNameError } from './errors.ts';
import { validateName } from './server/index.ts';

/** The name of a lock, or of something else, or an `InvalidNameError` that says which rule it breaks. */
export const checkName = (name: string, of = 'lock'): string => {
  const bad = validateName(name);
  if (bad === undefined) return name;
  throw new InvalidNameError(`the name of a ${of} must not be that: it is ${bad}`);
};
