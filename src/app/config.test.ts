import { describe, expect, it } from 'vitest'
import { TenonError } from '../kernel/tenon-error.ts'
import { readConfig, required } from './config.ts'

function refused(read: () => unknown): TenonError {
  try {
    read()
  } catch (error) {
    if (error instanceof TenonError) return error
    throw error
  }
  throw new Error('it was expected to fail')
}

describe('the settings', () => {
  it('have defaults that need no environment, and none for a secret', () => {
    expect(readConfig({})).toMatchObject({
      port: 7420,
      host: '127.0.0.1',
      publicUrl: 'http://127.0.0.1:7420',
      databaseUrl: undefined,
      rootKey: undefined,
      queueKey: undefined,
      demo: true,
    })
  })

  it('count an empty variable as not set', () => {
    expect(readConfig({ TENON_PORT: '', TENON_ROOT_KEY: '' })).toMatchObject({ port: 7420, rootKey: undefined })
  })

  it('read lists, switches and addresses', () => {
    const config = readConfig({
      TENON_LOCAL_REPOS: '/a:/b',
      TENON_GIT_ALLOW_HOSTS: 'git.internal, other',
      TENON_DEMO: '0',
      TENON_PUBLIC_URL: 'https://tenon.example.org/',
    })
    expect(config).toMatchObject({ localRepos: ['/a', '/b'], demo: false, publicUrl: 'https://tenon.example.org' })
    expect(config.git.allowHosts).toEqual(['git.internal', 'other'])
  })

  it('name every wrong variable and show no value', () => {
    const wrong = { TENON_PORT: '70000', TENON_ROOT_KEY: 'short-secret', DATABASE_URL: 'mysql://u:pw-secret@h/d' }
    const error = refused(() => readConfig(wrong))
    expect(error.code).toBe('config_invalid')
    const text = JSON.stringify(error.details)
    for (const name of Object.keys(wrong)) expect(text).toContain(name)
    expect(text).not.toContain('secret')
  })

  it('read failpoints, and say which is wrong', () => {
    const read = (text: string) => readConfig({ TENON_FAILPOINTS: text }).failpoints
    expect(readConfig({}).failpoints).toEqual([])
    expect(read('settle.written=kill@3, batch.committed=sleep:50,run.ended=throw')).toEqual([
      { name: 'settle.written', action: 'kill', sleepMs: 0, pass: 3 },
      { name: 'batch.committed', action: 'sleep', sleepMs: 50, pass: null },
      { name: 'run.ended', action: 'throw', sleepMs: 0, pass: null },
    ])
    expect(refused(() => read('nowhere.known=kill')).details).toMatchObject({
      issues: [{ path: 'TENON_FAILPOINTS', message: 'No failpoint nowhere.known' }],
    })
    for (const wrong of ['run.ended', 'run.ended=explode', 'run.ended=kill@0', 'run.ended=sleep', ','])
      expect(refused(() => read(wrong)).code).toBe('config_invalid')
  })

  it('are asked for together when a process needs them', () => {
    const error = refused(() => required({ A: undefined, B: 'set', C: undefined }))
    expect(error.details).toMatchObject({ issues: [{ path: 'A' }, { path: 'C' }] })
    expect(required({ B: 'set' })).toEqual({ B: 'set' })
  })
})
