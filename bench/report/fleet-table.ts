import type { FleetResult, FleetRun } from '../fleet.bench.ts'
import { machineLine } from './machine-line.ts'

const row = (run: FleetRun): string =>
  `| ${[
    run.server,
    run.cameras,
    (run.bytesPerSecond / 1e6).toFixed(1),
    run.late + run.errors.length,
    run.ackMs.p50.toFixed(0),
    run.ackMs.p99.toFixed(0),
    run.ackMs.max.toFixed(0),
    run.serverCores.toFixed(2),
    run.loadCores.toFixed(2),
    run.cpuMsPerCameraSecond.toFixed(2),
    run.rssMiB.toFixed(0),
    run.rssKiBPerCamera.toFixed(0),
  ].join(' | ')} |`

const HEAD = [
  '| server | cameras | MB/s | late or failed chunks | ack ms p50 | p99 | max | server cores | load cores | CPU ms per camera and s | RSS MiB | that divided by cameras, KiB |',
  '|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|',
]

export const fleetMarkdown = (result: FleetResult): string => {
  const lines = [machineLine(result.machine), '']
  if (result.runs.length > 0)
    lines.push(
      `Cameras of 1 Mbit/s, a chunk of 125,000 bytes each second; late is a chunk that is not acknowledged 2 s after its last picture. Sustained without one: **${result.sustained} cameras**.`,
      '',
      ...HEAD,
      ...result.runs.map(row),
      '',
    )
  if (result.instances.length > 0)
    lines.push(
      `Two instances, with their engines on the same cores (whose work is not in "server cores"). Sustained: **${result.sustainedByTwo} cameras**.`,
      '',
      ...HEAD,
      ...result.instances.map(row),
      '',
    )
  if (result.flood) {
    const { cloud, ceiling } = result.flood
    lines.push(
      'The same chunks without a pause, the next one as soon as the last one is acknowledged:',
      '',
      ...HEAD,
      row(cloud),
      ...(ceiling ? [row(ceiling)] : []),
    )
    if (ceiling)
      lines.push(
        '',
        `That is **${((cloud.bytesPerSecond / ceiling.bytesPerSecond) * 100).toFixed(0)} %** of the bytes that nginx takes.`,
      )
  }
  return lines.join('\n')
}
