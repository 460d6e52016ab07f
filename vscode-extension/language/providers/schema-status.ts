import * as vscode from 'vscode';
import type { ManifestService } from './manifest-service.ts';
import { selector } from './ranges.ts';

/** Says beside the language of a file which schemas it is checked against. */
export function showSchemaStatus(service: ManifestService): vscode.Disposable {
  const item = vscode.languages.createLanguageStatusItem('wheelhouse.schemas', selector);
  item.name = vscode.l10n.t('Schemas of manifests');
  const show = () => {
    const { model } = service.settings;
    const name = service.session.current?.context.name ?? '';
    switch (model.origin) {
      case 'cluster':
        item.text = vscode.l10n.t('Schemas of "{0}"', name);
        break;
      case 'cache':
        item.text = vscode.l10n.t('Schemas of "{0}" as they were last', name);
        break;
      default:
        item.text = vscode.l10n.t('Built-in schemas');
    }
    item.detail = vscode.l10n.t('{0} kinds', model.all().length);
  };
  show();
  return vscode.Disposable.from(item, service.onChange(show));
}
