import type { Unstructured } from '../api/unstructured.ts';
import type { KubernetesReader } from '../plugins/index.ts';

/** Runs whose answers are kept: more than a worker has at the same time. */
const runsKept = 50;

/**
 * Answers to item actions that ask for their configuration, kept for each run as long as this worker works on it: a ConfigMap is
 * looked up once, however many batches there are, and a change of it does not reach a run that has read it.
 */
export class PluginConfigs {
  readonly #runs = new Map<string, Map<string, Promise<readonly Unstructured[]>>>();

  /** A reader over `cluster` for the run of that uid. */
  readerOf(uid: string, cluster: KubernetesReader): KubernetesReader {
    const answers = this.#answersOf(uid);
    return {
      ...cluster,
      list(groupResource, options) {
        const { labelSelector = '' } = options ?? {};
        if (groupResource !== 'configmaps' || !labelSelector.startsWith('velero.io/plugin-config'))
          return cluster.list(groupResource, options);
        const question = JSON.stringify(options);
        const known = answers.get(question);
        if (known) return known;
        const answer = cluster.list(groupResource, options);
        answers.set(question, answer);
        answer.catch(() => answers.delete(question));
        return answer;
      },
    };
  }

  #answersOf(uid: string): Map<string, Promise<readonly Unstructured[]>> {
    const known = this.#runs.get(uid);
    if (known) return known;
    const [oldest] = this.#runs.keys();
    if (this.#runs.size >= runsKept && oldest !== undefined) this.#runs.delete(oldest);
    const answers = new Map<string, Promise<readonly Unstructured[]>>();
    this.#runs.set(uid, answers);
    return answers;
  }
}
