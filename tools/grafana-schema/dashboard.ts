// A dashboard as JSON, of the four kinds of panels that the program makes, in terms of Grafana's own types.
import type * as grafana from '@grafana/schema';
import type { Options as BarOptions } from './node_modules/@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type { Options as StatOptions } from './node_modules/@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type { Options as TableOptions, FieldConfig as TableField } from './node_modules/@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type { Options as LineOptions, FieldConfig as LineField } from './node_modules/@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

/** A type as JSON writes it: an enumeration is any of its values. */
type Written<T> = T extends string ? `${T}` : T extends number | boolean | null | undefined ? T
  : T extends Array<infer U> ? Written<U>[] : { [K in keyof T]: Written<T[K]> };
type Fields<Custom> = { defaults: Omit<grafana.FieldConfig, 'custom'> & { custom?: Custom }; overrides: [] };
type Query = { expr: string; legendFormat: string; refId: string; instant?: boolean; range?: boolean; format?: 'table' };
type Panel<Type extends string, Options, Custom> = Omit<grafana.Panel, 'type' | 'options' | 'fieldConfig' | 'targets'>
  & { type: Type; options?: Partial<Options>; fieldConfig: Fields<Custom>; targets: Query[] };
type AnyPanel = Panel<'stat', StatOptions, never> | Panel<'timeseries', LineOptions, LineField>
  | Panel<'table', TableOptions, Partial<TableField>> | Panel<'bargauge', BarOptions, never>;
// What a Prometheus marks, in the form that Grafana takes over when it reads a dashboard.
type Marks = { list?: Array<grafana.AnnotationQuery & { expr: string }> };
export type Dashboard = Written<Omit<grafana.Dashboard, 'panels' | 'annotations'>
  & { annotations?: Marks; panels: Array<AnyPanel | grafana.RowPanel> }>;
