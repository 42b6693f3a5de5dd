import type { DerivedFamily, SourceState } from './derived-family.ts';

const locationSource = 'location/';

/** What a worker tells of itself: how fresh the other families are. */
export const workerFamilies: readonly DerivedFamily[] = [
  {
    name: 'velero_backup_location_status_gauge',
    type: 'gauge',
    labels: ['backup_location_name'],
    help: 'Whether the storage location could be read when the worker last tried: 1, or 0',
    origin: 'this worker',
    samples: ({ sources }) =>
      sources.flatMap(({ source, isUp }) =>
        source.startsWith(locationSource)
          ? [{ labels: { backup_location_name: source.slice(locationSource.length) }, value: isUp ? 1 : 0 }]
          : [],
      ),
  },
  ofSource('bowline_metrics_source_up', 'gauge', {
    help: 'Whether the last attempt to read this source was good: 1, or 0, and then what is told of it is what was read before',
    value: ({ isUp }) => (isUp ? 1 : 0),
  }),
  ofSource('bowline_metrics_source_read_timestamp_seconds', 'gauge', {
    help: 'When what is told of this source was read, in seconds since 1970',
    value: ({ readAt }) => readAt && readAt / 1_000,
  }),
  ofSource('bowline_metrics_source_failures_total', 'counter', {
    help: 'Attempts to read this source that failed since the worker began',
    value: ({ failures }) => failures,
  }),
];

function ofSource(
  name: string,
  type: 'gauge' | 'counter',
  { help, value }: { readonly help: string; readonly value: (state: SourceState) => number | undefined },
): DerivedFamily {
  return {
    ...{ name, type, labels: ['source'], help, origin: 'this worker' },
    samples: ({ sources }) =>
      sources.flatMap((state) => {
        const measured = value(state);
        return measured === undefined ? [] : [{ labels: { source: state.source }, value: measured }];
      }),
  };
}
