/** What a micro bench is started with. */
export interface MicroSettings {
  /** The repository, built, whose parts are measured. */
  readonly root: string;
  readonly folder: string;
  /** How long each part runs. */
  readonly windowMs: number;
}

/** What one part came to. */
export interface MicroFigure {
  readonly point: string;
  readonly figure: string;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  readonly value: number;
}
