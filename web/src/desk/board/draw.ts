/** The one place that knows the charting library; a chunk of its own, fetched with the first chart. */
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, TooltipComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import type { Scale } from "./figures";

echarts.use([BarChart, LineChart, GridComponent, TooltipComponent, SVGRenderer]);

/** A course to be drawn. */
export interface Course {
  days: readonly string[];
  values: readonly (number | null)[];
  scale: Scale;
  as: "bars" | "line";
  /** A value in words. */
  said: (value: number | null) => string;
  /** What a point is made of. */
  made: (index: number) => string;
}

export interface Drawn {
  show: (course: Course) => void;
  end: () => void;
}

/** So few bars carry their numbers themselves. */
const LABELLED_BARS = 14;

function colours(box: HTMLElement): (name: string) => string {
  const style = getComputedStyle(box);
  return (name) => style.getPropertyValue(`--c-${name}`).trim();
}

/** `2026-11-23` → `11-23`: the year stands above the page. */
const short = (day: string): string => day.slice(5);

function optionOf(course: Course, box: HTMLElement): echarts.EChartsCoreOption {
  const colour = colours(box);
  const font = getComputedStyle(box).fontFamily;
  const text = { color: colour("ink-2"), fontFamily: font, fontSize: 12 };
  const last = course.values.findLastIndex((value) => value !== null);
  const isBars = course.as === "bars";
  const label = { show: true, color: colour("ink"), fontFamily: font, fontSize: 12, formatter: ({ value }: { value: unknown }) => course.said(typeof value === "number" ? value : null) };
  return {
    animation: false,
    textStyle: { fontFamily: font },
    grid: { left: 8, right: isBars ? 8 : 64, top: 22, bottom: 4, containLabel: true },
    tooltip: {
      trigger: "axis",
      backgroundColor: colour("surface"),
      borderColor: colour("line-strong"),
      textStyle: { color: colour("ink"), fontFamily: font, fontSize: 13 },
      formatter: (points: { dataIndex: number }[]) => {
        const index = points[0]?.dataIndex ?? 0;
        const made = course.made(index);
        return `${course.days[index] ?? ""}<br><strong>${course.said(course.values[index] ?? null)}</strong>${made === "" ? "" : `<br>${made}`}`;
      },
    },
    xAxis: {
      type: "category",
      data: course.days.map(short),
      boundaryGap: isBars,
      axisLabel: { ...text, hideOverlap: true },
      axisTick: { show: false },
      axisLine: { lineStyle: { color: colour("line-strong") } },
    },
    yAxis: {
      type: "value",
      min: 0,
      max: course.scale.end,
      interval: course.scale.step,
      axisLabel: { ...text, formatter: (value: number) => course.said(value) },
      splitLine: { lineStyle: { color: colour("line") } },
    },
    series: [
      isBars
        ? { type: "bar", data: course.values, itemStyle: { color: colour("teal") }, barMaxWidth: 24, label: { ...label, position: "top", show: course.values.length <= LABELLED_BARS, formatter: ({ value }: { value: unknown }) => (typeof value === "number" && value > 0 ? String(value) : "") } }
        : {
            type: "line",
            data: course.values.map((value, index) => (index === last ? { value, symbolSize: 7, label: { ...label, position: "right" } } : { value, symbolSize: course.values.length > 40 ? 0 : 4 })),
            symbol: "circle",
            showAllSymbol: true,
            connectNulls: false,
            lineStyle: { color: colour("teal"), width: 2 },
            itemStyle: { color: colour("teal") },
          },
    ],
  };
}

/** Draws into a box, and again when the box changes its size. */
export function draw(box: HTMLElement): Drawn {
  const chart = echarts.init(box, null, { renderer: "svg" });
  const sized = new ResizeObserver(() => chart.resize());
  sized.observe(box);
  return {
    show: (course) => chart.setOption(optionOf(course, box), { notMerge: true }),
    end: () => {
      sized.disconnect();
      chart.dispose();
    },
  };
}
