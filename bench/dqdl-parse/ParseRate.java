import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import software.amazon.glue.dqdl.exception.InvalidDataQualityRulesetException;
import software.amazon.glue.dqdl.parser.DQDLParser;

/**
 * The official parser in one thread: arguments are a file of rulesets in base64, one a line, seconds of warm-up, rounds
 * and seconds of each. Prints a verdict for each ruleset and the rulesets per second of each round, as JSON.
 */
public class ParseRate {
  public static void main(String[] args) throws Exception {
    List<String> rulesets = new ArrayList<>();
    for (String line : Files.readAllLines(Path.of(args[0]))) {
      rulesets.add(new String(Base64.getDecoder().decode(line), StandardCharsets.UTF_8));
    }
    StringBuilder verdicts = new StringBuilder();
    for (String ruleset : rulesets) verdicts.append(accepts(ruleset) ? '1' : '0');
    rate(rulesets, Double.parseDouble(args[1]));
    List<String> rates = new ArrayList<>();
    for (int round = 0; round < Integer.parseInt(args[2]); round++) {
      rates.add(String.valueOf(rate(rulesets, Double.parseDouble(args[3]))));
    }
    System.out.println("{\"verdicts\":\"" + verdicts + "\",\"rates\":[" + String.join(",", rates) + "]}");
  }

  private static boolean accepts(String ruleset) {
    try {
      return new DQDLParser().parse(ruleset) != null;
    } catch (InvalidDataQualityRulesetException | RuntimeException invalid) {
      return false;
    }
  }

  private static double rate(List<String> rulesets, double seconds) {
    long start = System.nanoTime();
    long parsed = 0;
    do {
      for (String ruleset : rulesets) accepts(ruleset);
      parsed += rulesets.size();
    } while (System.nanoTime() - start < seconds * 1e9);
    return parsed / ((System.nanoTime() - start) / 1e9);
  }
}
