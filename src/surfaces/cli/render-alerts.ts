import { METRICS, type Alert } from '../../contract/alerts.ts'
import { listOf } from './table.ts'
import { amount, moment, type Look, type Renderers } from './text.ts'

export const ALERT_RENDERERS: Renderers = {
  'alerts.list': (alerts: Alert[], look: Look) =>
    listOf(
      alerts,
      look,
      'No alerts: nothing was unusual.',
      ['HOUR', 'COUNT', 'USUAL', 'ABOVE', 'WEBHOOK', 'WHAT'],
      (alert) => [
        moment(alert.hour),
        amount(alert.count),
        amount(alert.usual),
        amount(alert.threshold),
        alert.webhook === 'none' ? '' : alert.webhook,
        METRICS[alert.metric].what,
      ],
    ),
}
