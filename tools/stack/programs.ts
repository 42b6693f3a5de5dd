import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Download } from './download.ts';
import type { GoBuild } from './go-build.ts';

const here = fileURLToPath(new URL('.', import.meta.url));

/** In Go's names: `linux` and `amd64`. */
export interface Platform {
  readonly os: string;
  readonly arch: string;
}

/** A server program, and how it is had. One in `PATH` is taken if its `--version` prints the version. */
export interface Program {
  readonly version: string;
  /** What its publisher offers for a platform; `undefined` where there is none that can be used. */
  readonly download: (platform: Platform) => Download | undefined;
  /** Builds it to `output`. */
  readonly build: (output: string) => GoBuild;
  /** How long a build takes on two cores. */
  readonly buildSeconds: number;
}

const stripped = ['-trimpath', '-ldflags', '-s -w'];

/** The files of a release on GitHub. */
function release(repository: string, version: string, files: { readonly file: string; readonly checksum: string }) {
  const base = `https://github.com/${repository}/releases/download/v${version}`;
  return { file: `${base}/${files.file}`, checksum: `${base}/${files.checksum}` };
}

/** `go install` of a module by its version; the program lands in the folder of `output`, under the module's own name. */
function install(module: string, output: string): GoBuild {
  return { args: ['install', ...stripped, module], folder: here, env: { GOBIN: dirname(output) } };
}

function kubernetes(name: string): Program {
  const version = '1.36.3';
  const [major, minor] = version.split('.');
  const variables = Object.entries({ gitVersion: `v${version}`, gitMajor: major, gitMinor: minor });
  const flags = ['-s', '-w', ...variables.map(([key, value]) => `-X k8s.io/component-base/version.${key}=${value}`)];
  return {
    version,
    download({ os, arch }) {
      if (os !== 'linux') return undefined;
      const file = `https://dl.k8s.io/v${version}/bin/${os}/${arch}/${name}`;
      return { file, checksum: `${file}.sha256` };
    },
    build: (output) => ({
      args: ['build', '-trimpath', '-ldflags', flags.join(' '), '-o', output, `k8s.io/kubernetes/cmd/${name}`],
      folder: join(here, 'kubernetes'),
    }),
    buildSeconds: 240,
  };
}

function etcd(version: string): Program {
  return {
    version,
    download: ({ os, arch }) =>
      os === 'linux'
        ? release('etcd-io/etcd', version, {
            file: `etcd-v${version}-${os}-${arch}.tar.gz`,
            checksum: 'SHA256SUMS',
          })
        : undefined,
    build: (output) => ({
      args: ['build', ...stripped, '-o', output, 'go.etcd.io/etcd/server/v3'],
      folder: join(here, 'etcd'),
    }),
    buildSeconds: 60,
  };
}

function temporal(version: string): Program {
  return {
    version,
    download: ({ os, arch }) =>
      release('temporalio/cli', version, {
        file: `temporal_cli_${version}_${os}_${arch}.tar.gz`,
        checksum: 'checksums.txt',
      }),
    build: (output) => install(`github.com/temporalio/cli/cmd/temporal@v${version}`, output),
    buildSeconds: 140,
  };
}

function versitygw(version: string): Program {
  return {
    version,
    download: ({ os, arch }) =>
      release('versity/versitygw', version, {
        file: `versitygw_v${version}_${os === 'linux' ? 'Linux' : 'Darwin'}_${arch === 'amd64' ? 'x86_64' : arch}.tar.gz`,
        checksum: 'checksums.txt',
      }),
    build: (output) => install(`github.com/versity/versitygw/cmd/versitygw@v${version}`, output),
    buildSeconds: 70,
  };
}

function fakeGcsServer(version: string): Program {
  return {
    version,
    download: ({ os, arch }) =>
      release('fsouza/fake-gcs-server', version, {
        file: `fake-gcs-server_${version}_${os === 'linux' ? 'Linux' : 'Darwin'}_${arch}.tar.gz`,
        checksum: 'checksums.txt',
      }),
    build: (output) => install(`github.com/fsouza/fake-gcs-server@v${version}`, output),
    buildSeconds: 60,
  };
}

function helm(version: string): Program {
  return {
    version,
    download({ os, arch }) {
      const file = `https://get.helm.sh/helm-v${version}-${os}-${arch}.tar.gz`;
      return { file, checksum: `${file}.sha256sum` };
    },
    build: (output) => install(`helm.sh/helm/v3/cmd/helm@v${version}`, output),
    buildSeconds: 120,
  };
}

function kustomize(version: string): Program {
  const base = `https://github.com/kubernetes-sigs/kustomize/releases/download/kustomize%2Fv${version}`;
  return {
    version,
    download: ({ os, arch }) => ({
      file: `${base}/kustomize_v${version}_${os}_${arch}.tar.gz`,
      checksum: `${base}/checksums.txt`,
    }),
    build: (output) => install(`sigs.k8s.io/kustomize/kustomize/v5@v${version}`, output),
    buildSeconds: 60,
  };
}

function kwok(version: string): Program {
  return {
    version,
    // Its publisher names no checksum for what it offers.
    download: () => undefined,
    build: (output) => install(`sigs.k8s.io/kwok/cmd/kwok@v${version}`, output),
    buildSeconds: 150,
  };
}

function promtool(): Program {
  // The publisher's release, and the same as a Go module.
  const [version, moduleVersion] = ['3.16.0', '0.316.0'];
  return {
    version,
    download: ({ os, arch }) =>
      release('prometheus/prometheus', version, {
        file: `prometheus-${version}.${os}-${arch}.tar.gz`,
        checksum: 'sha256sums.txt',
      }),
    build(output) {
      const { args, ...others } = install(`github.com/prometheus/prometheus/cmd/promtool@v${moduleVersion}`, output);
      // Nothing is discovered, and the SDKs of all clouds need not be built.
      return { ...others, args: ['install', '-tags', 'remove_all_sd', ...args.slice(1)] };
    },
    buildSeconds: 120,
  };
}

/** The servers of the stack, what asks them, and what renders the manifests in `deploy` and tries its alerts. */
export const programs = {
  etcd: etcd('3.6.16'),
  'fake-gcs-server': fakeGcsServer('1.56.1'),
  helm: helm('3.22.0'),
  'kube-apiserver': kubernetes('kube-apiserver'),
  'kube-controller-manager': kubernetes('kube-controller-manager'),
  kubectl: kubernetes('kubectl'),
  kustomize: kustomize('5.8.2'),
  kwok: kwok('0.7.0'),
  promtool: promtool(),
  temporal: temporal('1.5.1'),
  versitygw: versitygw('1.8.0'),
} as const satisfies Record<string, Program>;
