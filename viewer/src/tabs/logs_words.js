// The words of the log: imported by what shows it.

import { addWords } from "../base/words.js";

addWords({
  "logs.log": ["Log of the run", "実行のログ"],
  "logs.level": ["Level", "レベル"],
  "logs.all": ["all levels ({count})", "すべてのレベル ({count})"],
  "logs.from": ["{name} and above ({count})", "{name} 以上 ({count})"],
  "logs.logger": ["Logger", "ロガー"],
  "logs.loggers": ["all loggers", "すべてのロガー"],
  "logs.search": ["Search: text or /regex/", "検索: 文字列または /正規表現/"],
  "logs.hits": ["{count} hits", "{count} 件"],
  "logs.hit": ["{at} of {count} hits", "{count} 件中 {at} 件目"],
  "logs.searching": ["{count} hits so far, {share} % searched", "ここまで {count} 件、{share} % 検索済み"],
  "logs.next": ["Next hit", "次の一致"],
  "logs.previous": ["Previous hit", "前の一致"],
  "logs.goto": ["Go to: line, time, step 500", "移動: 行番号、時刻、step 500"],
  "logs.badplace": ["A line number, a time such as 12:30:05, or step 500", "行番号、12:30:05 のような時刻、または step 500"],
  "logs.follow": ["Follow", "追従"],
  "logs.text": ["Text", "テキスト"],
  "logs.jsonl": ["JSON lines", "JSON Lines"],
  "logs.download": ["Download", "ダウンロード"],
  "logs.line": ["line", "行"],
  "logs.seen": ["{first}\u2013{last} of {total}", "{total} 行中 {first}\u2013{last}"],
  "logs.indexing": ["reading the log, {total} lines so far", "ログを読み込み中、ここまで {total} 行"],
  "logs.empty": ["This run has no log lines.", "この実行にはログがありません。"],
  "logs.nothing": ["No line is of this level and logger.", "このレベルとロガーの行はありません。"],
  "logs.strip": ["Levels and hits over the whole log; click to jump", "ログ全体のレベルと検索結果。クリックで移動"],
  "logs.up": ["Line up, line down", "1 行上、1 行下"],
  "logs.focus": ["Search the log", "ログを検索"],
  "logs.go": ["Go to a line, time or step", "行、時刻、ステップへ移動"],
  "logs.open": ["Details of the marked line", "選択行の詳細"],
});
