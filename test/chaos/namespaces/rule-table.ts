import type { Namespace } from './namespace.ts';
import { counterWords, hitsIn, type Post, rulesText, tableText } from './packet-rules.ts';

/** The rules that stand in one namespace, and what they have hit. */
export class RuleTable {
  readonly #namespace: Namespace;
  readonly #post: Post;
  #rules: readonly string[] = [];

  private constructor(namespace: Namespace, post: Post) {
    this.#namespace = namespace;
    this.#post = post;
  }

  static async in(namespace: Namespace, post: Post): Promise<RuleTable> {
    await namespace.rule(tableText(post));
    return new RuleTable(namespace, post);
  }

  /** From now on these rules stand, and no others. */
  async stand(rules: readonly string[]): Promise<void> {
    if (rules.length === 0 && this.#rules.length === 0) return;
    this.#rules = rules;
    await this.#namespace.rule(rulesText(this.#post, rules));
  }

  async add(rules: readonly string[]): Promise<void> {
    await this.stand([...this.#rules, ...rules]);
  }

  /** Packets hit since the beginning. */
  async hits(): Promise<number> {
    return hitsIn(await this.#namespace.list(counterWords(this.#post)));
  }
}
