import assert from 'node:assert/strict';
import { chooseSnapshotLocations, chooseStorageLocation, stagingLocation } from '../../src/activities/locations.ts';
import type { BackupSpec } from '../../src/api/backup.ts';
import type { Config } from '../../src/api/config.ts';
import type { BackupStorageLocation } from '../../src/api/locations.ts';
import { parseConfig } from '../../src/config.ts';

const defaults = parseConfig('', { file: 'none', env: {} });

function storage(name: string, isDefault = false): BackupStorageLocation {
  return { name, provider: 'filesystem', objectStorage: { bucket: 'b' }, ...(isDefault && { default: true }) };
}

/** A configuration with snapshot locations, given as `name:provider`. */
function withSnapshotLocations(...locations: string[]): Config {
  const volumeSnapshotLocations = locations.map((location) => {
    const [name = '', provider = ''] = location.split(':');
    return { name, provider };
  });
  return { ...defaults, volumeSnapshotLocations };
}

describe('chooseStorageLocation', () => {
  const table: {
    title: string;
    locations: BackupStorageLocation[];
    name?: string;
    chosen?: string;
    problem?: RegExp;
  }[] = [
    { title: 'takes the one that is named', locations: [storage('a', true), storage('b')], name: 'b', chosen: 'b' },
    { title: 'takes the default where none is named', locations: [storage('a'), storage('b', true)], chosen: 'b' },
    {
      title: 'takes the default for an empty name',
      locations: [storage('a'), storage('b', true)],
      name: '',
      chosen: 'b',
    },
    { title: 'takes the only one', locations: [storage('a')], chosen: 'a' },
    {
      title: 'refuses to choose between several',
      locations: [storage('a'), storage('b')],
      problem: /missing, and no location is the default; known are: a, b$/,
    },
    {
      title: 'refuses a name that there is not',
      locations: [storage('a')],
      name: 'c',
      problem: /no location is named c; known are: a$/,
    },
    { title: 'has none to choose from', locations: [], problem: /known are: none$/ },
  ];
  for (const { title, locations, name, chosen, problem } of table) {
    it(title, () => {
      const { location, problems } = chooseStorageLocation({ ...defaults, backupStorageLocations: locations }, name);
      assert.equal(location?.name, chosen);
      assert.equal(problems.length, problem === undefined ? 0 : 1);
      if (problem) assert.match(problems[0]!, problem);
    });
  }
});

describe('chooseSnapshotLocations', () => {
  const table: { title: string; config: Config; spec?: BackupSpec; names: string[]; problems?: RegExp[] }[] = [
    {
      title: 'takes the only one of each provider',
      config: withSnapshotLocations('b:aws', 'a:gcp'),
      names: ['a', 'b'],
    },
    {
      title: 'takes the one that is named',
      config: withSnapshotLocations('a:aws', 'b:aws'),
      spec: { volumeSnapshotLocations: ['b'] },
      names: ['b'],
    },
    {
      title: 'takes none with snapshotVolumes: false',
      config: withSnapshotLocations('a:aws'),
      spec: { snapshotVolumes: false },
      names: [],
    },
    {
      title: 'takes a name that is given twice once',
      config: withSnapshotLocations('a:aws'),
      spec: { volumeSnapshotLocations: ['a', 'a'] },
      names: ['a'],
    },
    {
      title: 'refuses to choose between several of a provider',
      config: withSnapshotLocations('a:aws', 'b:aws', 'c:gcp'),
      names: ['c'],
      problems: [/aws has several locations \(a, b\); name one$/],
    },
    {
      title: 'refuses two of one provider',
      config: withSnapshotLocations('a:aws', 'b:aws'),
      spec: { volumeSnapshotLocations: ['a', 'b'] },
      names: ['a'],
      problems: [/b and a are of one provider, aws; expected one$/],
    },
    {
      title: 'refuses a name that there is not',
      config: withSnapshotLocations('a:aws'),
      spec: { volumeSnapshotLocations: ['z'] },
      names: ['a'],
      problems: [/no location is named z$/],
    },
  ];
  for (const { title, config, spec = {}, names, problems = [] } of table) {
    it(title, () => {
      const chosen = chooseSnapshotLocations(config, spec);
      assert.deepEqual(chosen.names, names);
      assert.equal(chosen.problems.length, problems.length, chosen.problems.join('\n'));
      for (const [index, problem] of problems.entries()) assert.match(chosen.problems[index]!, problem);
    });
  }
});

describe('stagingLocation', () => {
  it('is the location itself, unless the configuration names another', () => {
    assert.equal(stagingLocation(defaults, storage('a')), 'a');
    assert.equal(stagingLocation({ ...defaults, staging: 'scratch' }, storage('a')), 'scratch');
  });
});
